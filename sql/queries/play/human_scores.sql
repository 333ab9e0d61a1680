-- whole dialogues that somebody scored and whose recommender the log names
select
    labels.name,
    dialogues.recommender_id,
    labels.dialogue_id,
    labels.value
from ingest.labels
inner join ingest.dialogues using (dataset, dialogue_id)
where labels.dataset = $dataset
    and labels.turn_index is null
    and list_contains($names::text[], labels.name)
    and dialogues.recommender_id is not null
order by labels.name, dialogues.recommender_id, labels.dialogue_id, labels.position
