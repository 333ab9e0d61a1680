-- the last rating that each of some users gave each item, with the text that stood beside it, at most so many items a user
with ranked as (
    select
        user_id,
        item_id,
        value,
        text,
        row_number() over (partition by user_id order by md5($seed || ':' || user_id || ':' || item_id), item_id) as place
    from ingest.last_ratings
    where dataset = $dataset and user_id in (select unnest($user_ids::text[]))
)
select user_id, item_id, value, text
from ranked
where place <= $max_items
order by user_id, item_id
