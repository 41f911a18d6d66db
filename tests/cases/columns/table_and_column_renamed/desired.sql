-- migplan: renamed-from t
CREATE TABLE u (id int PRIMARY KEY,
-- migplan: renamed-from a
c text NOT NULL, b text CONSTRAINT mine NOT NULL);
