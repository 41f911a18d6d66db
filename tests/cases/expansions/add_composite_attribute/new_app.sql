SELECT area(ROW(1, 2)::size);
