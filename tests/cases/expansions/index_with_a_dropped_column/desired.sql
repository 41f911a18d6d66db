CREATE TABLE rule (
  id int PRIMARY KEY,
  -- migplan: renamed-from port
  outer_port int NOT NULL,
  host int NOT NULL
);
