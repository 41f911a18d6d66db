CREATE TABLE item (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
CREATE TABLE part (item uuid REFERENCES item, name text, number serial PRIMARY KEY);
