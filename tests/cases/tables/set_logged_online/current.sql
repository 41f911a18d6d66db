CREATE UNLOGGED TABLE item (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
CREATE UNLOGGED TABLE part (item uuid REFERENCES item, name text, number serial PRIMARY KEY);
