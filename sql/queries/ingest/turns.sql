select
    dialogue_id,
    turn_index,
    role,
    text,
    n_messages,
    item_ids
from ingest.named_turns
where dataset = $dataset
order by dialogue_id, turn_index
