-- the acts of a data set as content; null where it has none
select
    sha256(string_agg(distinct line, '' order by line)) as digest
from (
    select to_json({dialogue_id: dialogue_id, turn_index: turn_index, value: value})::text as line
    from ingest.labels
    where dataset = $dataset and name = 'act' and turn_index is not null
)
