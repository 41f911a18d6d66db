GRANT CREATE ON SCHEMA public TO writer; COMMENT ON SCHEMA public IS 'ours';
