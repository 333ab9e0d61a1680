-- without a key: an index over tens of millions of ratings would cost more memory than they do
insert into ingest.ratings by name
select * from incoming
