-- how often each item was rated, or named in logs that say which items they name
with named as (
    select unnest(item_ids) as item_id
    from ingest.turns
    where dataset = $dataset
    union all
    select item_id
    from ingest.ratings
    where dataset = $dataset
)
select
    item_id,
    count(*) as n
from named
group by item_id
order by item_id
