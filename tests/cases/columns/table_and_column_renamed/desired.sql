-- migplan: renamed-from t
CREATE TABLE u (id int PRIMARY KEY,
-- migplan: renamed-from a
c text NOT NULL, b text CONSTRAINT mine NOT NULL);
CREATE TABLE r (id int PRIMARY KEY,
-- migplan: renamed-from d
-- migplan: using D - '2000-01-01'::date
-- migplan: reverse '2000-01-01'::date + n
n int);
