INSERT INTO invoice (id, state, remark) VALUES (1002, 'disputed', 'new');
