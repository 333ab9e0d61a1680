-- what an ingest has to know of the dialogues that are there; turns alternate, so the opener says who speaks which turn
with openers as (
    select
        dialogue_id,
        role as opener
    from ingest.turns
    where dataset = $dataset and turn_index = 0
)
select
    dialogues.dialogue_id,
    dialogues.content_sha256,
    dialogues.is_annotation,
    dialogues.n_turns,
    openers.opener
from ingest.dialogues
left join openers using (dialogue_id)
where dialogues.dataset = $dataset
order by dialogues.dialogue_id
