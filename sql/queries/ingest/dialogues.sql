select
    dialogue_id,
    seeker_id,
    recommender_id,
    official_split
from ingest.dialogues
where dataset = $dataset
order by dialogue_id
