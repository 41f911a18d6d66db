SELECT 1 / (where_is(1) = 'a "b", c 10')::integer;
SELECT 1 / (count(*) = 1)::integer FROM spots WHERE at IS NOT DISTINCT FROM NULL;
