SELECT kind FROM goods;
