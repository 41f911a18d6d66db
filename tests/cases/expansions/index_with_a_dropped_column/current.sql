CREATE TABLE rule (
  id int PRIMARY KEY,
  first_port int,
  port int NOT NULL,
  host int NOT NULL,
  UNIQUE (first_port, port)
);
CREATE INDEX rule_host ON rule (host, first_port);
