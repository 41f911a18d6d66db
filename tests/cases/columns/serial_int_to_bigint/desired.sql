CREATE TABLE t (id bigserial PRIMARY KEY); CREATE TABLE r (t_id bigint REFERENCES t);
