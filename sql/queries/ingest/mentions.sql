select
    dialogue_id,
    item_id,
    suggested,
    seen,
    liked
from ingest.mentions
where dataset = $dataset
order by dialogue_id, item_id
