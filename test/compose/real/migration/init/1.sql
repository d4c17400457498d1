create table made_by_init (id int);
