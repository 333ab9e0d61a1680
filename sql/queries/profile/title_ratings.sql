-- what two halves of the users, who share nobody, gave each item that enough of them rated; at most so many items, drawn by seed
with halved as (
    select
        item_id,
        (md5_number_lower(user_id) % 2)::integer as half,
        list(value order by md5($seed || ':' || user_id), user_id) as given
    from ingest.last_ratings
    where dataset = $dataset
    group by item_id, (md5_number_lower(user_id) % 2)::integer
)
select
    one.item_id,
    one.given as first,
    other.given as second
from halved as one
inner join halved as other on one.item_id = other.item_id
where one.half = 0 and other.half = 1 and len(one.given) >= $min_given and len(other.given) >= $min_given
order by md5($seed || ':' || one.item_id), one.item_id
limit $n_items
