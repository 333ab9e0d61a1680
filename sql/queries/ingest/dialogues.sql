select
    dialogue_id,
    content_sha256,
    seeker_id,
    recommender_id,
    official_split
from ingest.dialogues
where dataset = $dataset
order by dialogue_id
