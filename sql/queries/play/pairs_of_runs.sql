-- free runs of two prompts in the same scenario, of dialogues that no search has seen, whatever they ended by but a missing reply
with
runs as (
    select
        play_key,
        scenario_id,
        dialogue_id,
        replicate,
        recommender,
        model,
        genome_digest,
        status,
        reason
    from play.dialogues
    where profile_key = $profile_key
        and mode = 'free'
        and status != 'missing'
        and genome_digest in ($before, $after)
)
select
    befores.scenario_id,
    befores.dialogue_id,
    befores.play_key as before_key,
    befores.status as before_status,
    befores.reason as before_reason,
    afters.play_key as after_key,
    afters.status as after_status,
    afters.reason as after_reason
from runs as befores
inner join runs as afters
    on befores.scenario_id = afters.scenario_id
    and befores.replicate = afters.replicate
    and befores.recommender = afters.recommender
    and befores.model = afters.model
inner join profile.splits
    on splits.profile_key = $profile_key
    and splits.dialogue_id = befores.dialogue_id
where befores.genome_digest = $before
    and afters.genome_digest = $after
    and splits.split in ('select', 'test')
order by befores.scenario_id, befores.play_key, afters.play_key
