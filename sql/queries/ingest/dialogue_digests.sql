select
    dialogue_id,
    content_sha256
from ingest.dialogues
where dataset = $dataset
order by dialogue_id
