-- replies to a recommendation that people may be asked to label: the humans' own and every engine's, none of the test split
with answers as (
    select
        contexts.context_id,
        contexts.dialogue_id,
        contexts.turn_index
    from profile.contexts
    where contexts.profile_key = $profile_key and contexts.kind = 'reaction' and contexts.split <> 'test'
),
before as (
    select
        answers.context_id,
        turns.text
    from answers
    inner join profile.profiles on profiles.profile_key = $profile_key
    inner join ingest.turns
        on profiles.dataset = turns.dataset
        and answers.dialogue_id = turns.dialogue_id
        and answers.turn_index - 1 = turns.turn_index
),
humans as (
    select
        'human' as engine,
        answers.context_id,
        answers.dialogue_id,
        null::text as play_key,
        turns.text
    from answers
    inner join profile.profiles on profiles.profile_key = $profile_key
    inner join ingest.turns
        on profiles.dataset = turns.dataset
        and answers.dialogue_id = turns.dialogue_id
        and answers.turn_index = turns.turn_index
),
machines as (
    select
        dialogues.engine,
        answers.context_id,
        answers.dialogue_id,
        dialogues.play_key,
        turns.text
    from play.dialogues
    inner join answers on dialogues.scenario_id = answers.context_id
    inner join play.turns on dialogues.play_key = turns.play_key and turns.turn_index = 0
    where dialogues.mode = 'replay' and dialogues.status = 'complete'
),
candidates as (
    select engine, context_id, dialogue_id, play_key, text from humans
    union all
    select engine, context_id, dialogue_id, play_key, text from machines
)
select
    candidates.engine,
    candidates.context_id,
    candidates.dialogue_id,
    candidates.play_key,
    before.text as before,
    candidates.text
from candidates
inner join before using (context_id)
where candidates.text <> ''
order by candidates.engine, candidates.context_id, candidates.play_key
