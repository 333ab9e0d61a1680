-- users with enough ratings, in an order drawn by seed, at most so many
with counted as (
    select
        user_id,
        count(distinct item_id) as n_items
    from ingest.ratings
    where dataset = $dataset
    group by user_id
)
select user_id
from counted
where n_items >= $min_items
order by md5($seed || ':' || user_id), user_id
limit $n_users
