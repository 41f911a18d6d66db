-- migplan: renamed-from item
CREATE TABLE product (id int CONSTRAINT item_pkey PRIMARY KEY, name text);
