INSERT INTO invoice (id, note) VALUES (1001, 'old');
SELECT note, remark FROM open_invoices;
