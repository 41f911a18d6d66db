INSERT INTO item SELECT g, 'name ' || g, made, ARRAY[made]
FROM generate_series(1, 300) g, jsonb_populate_record(NULL::size, jsonb_build_object('width', g)) made;
