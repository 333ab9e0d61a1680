select
    item_id,
    title,
    year,
    genres,
    people,
    plot,
    aliases
from ingest.items
where dataset = $dataset
order by item_id
