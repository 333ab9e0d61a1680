-- the replayed turns of the report of a batch: no other batch plays with its replicate
with
panel as (
    select distinct replicate
    from simulate.panels
    where batch_key = $batch_key
        and kind in ('reaction', 'behaviour')
)
select dialogues.play_key
from simulate.batches
inner join play.dialogues
    on dialogues.profile_key = batches.profile_key
    and dialogues.genome_digest = batches.genome_digest
    and dialogues.model = batches.model
    and dialogues.mode <> 'free'
inner join panel on dialogues.replicate = panel.replicate
where batches.batch_key = $batch_key
order by dialogues.play_key
