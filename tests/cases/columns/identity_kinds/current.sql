CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, b serial, c bigint);
