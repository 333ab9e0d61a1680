-- what a batch must not be made of: scenarios outside `search`, exemplars outside `exemplar`, needs that name their target, history leak
with
batch as (
    select batch_key, profile_key, genome_digest
    from simulate.batches
    where batch_key = $batch_key
),
scenarios as (
    select
        count(*) as n_scenarios,
        count(*) filter (where splits.split is distinct from 'search') as n_foreign_scenarios
    from batch
    inner join simulate.members using (batch_key)
    inner join play.dialogues using (play_key)
    left join profile.splits on splits.profile_key = batch.profile_key and splits.dialogue_id = dialogues.dialogue_id
),
needs as (
    select
        dialogues.play_key,
        seekers.history_leak,
        items.title || coalesce(' (' || items.year || ')', '') as label,
        list_concat(
            from_json(seekers.need -> 'liked', '["varchar"]'),
            list_concat(from_json(seekers.need -> 'disliked', '["varchar"]'), from_json(seekers.need -> 'seen', '["varchar"]'))
        ) as told
    from batch
    inner join simulate.batches using (batch_key)
    inner join simulate.members using (batch_key)
    inner join play.dialogues using (play_key)
    inner join profile.seekers on seekers.profile_key = batch.profile_key and seekers.dialogue_id = dialogues.dialogue_id
    inner join ingest.items on items.dataset = batches.dataset and items.item_id = dialogues.target
),
history as (
    select count(*) filter (where needs.history_leak or list_contains(needs.told, needs.label)) as n_told
    from needs
),
shown as (
    select unnest(from_json(genomes.genome -> 'exemplars', '["varchar"]')) as dialogue_id
    from batch
    inner join play.genomes using (genome_digest)
),
exemplars as (
    select
        count(*) as n_exemplars,
        count(*) filter (where splits.split is distinct from 'exemplar') as n_foreign_exemplars
    from shown
    left join profile.splits on splits.profile_key = (select batch.profile_key from batch) and splits.dialogue_id = shown.dialogue_id
),
genomes_there as (
    select count(*) as n_genomes
    from batch
    inner join play.genomes using (genome_digest)
)
select
    scenarios.n_scenarios,
    scenarios.n_foreign_scenarios,
    history.n_told,
    exemplars.n_exemplars,
    exemplars.n_foreign_exemplars,
    genomes_there.n_genomes
from scenarios, history, exemplars, genomes_there
