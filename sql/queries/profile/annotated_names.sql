-- names that the log's own annotations tag in seekers' turns
select
    labels.dialogue_id,
    labels.turn_index,
    labels.name,
    labels.value
from ingest.labels
inner join ingest.turns using (dataset, dialogue_id, turn_index)
where labels.dataset = $dataset
    and labels.name in ('entity', 'genre', 'person', 'annotation', 'slot', 'preference')
    and turns.role = 'seeker'
order by labels.dialogue_id, labels.turn_index, labels.position, labels.labels_sha256
