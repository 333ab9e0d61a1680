-- turns with gold acts, and the recommender's turn before them with its own; annotators' acts of a turn are pooled
with labelled as (
    select
        labels.dialogue_id,
        labels.turn_index,
        list(distinct labels.value order by labels.value) as acts
    from profile.profiles
    inner join ingest.labels on profiles.dataset = labels.dataset
    where profiles.profile_key = $profile_key and labels.name = 'act' and labels.turn_index is not null
    group by labels.dialogue_id, labels.turn_index
),
said as (
    select
        turns.dialogue_id,
        splits.split,
        turns.turn_index,
        turns.role,
        turns.text,
        labelled.acts,
        lag(turns.role) over earlier as previous_role,
        lag(labelled.acts) over earlier as previous_acts,
        lag(turns.text) over earlier as previous_text
    from profile.profiles
    inner join profile.splits on profiles.profile_key = splits.profile_key
    inner join ingest.turns on profiles.dataset = turns.dataset and splits.dialogue_id = turns.dialogue_id
    left join labelled on turns.dialogue_id = labelled.dialogue_id and turns.turn_index = labelled.turn_index
    where profiles.profile_key = $profile_key
    window earlier as (partition by turns.dialogue_id order by turns.turn_index)
)
select
    dialogue_id,
    split,
    turn_index,
    role,
    text,
    acts,
    case when previous_role = 'recommender' then coalesce(previous_acts, []::text[]) else []::text[] end as previous_acts,
    case when previous_role = 'recommender' then coalesce(previous_text, '') else '' end as answered
from said
where acts is not null
order by dialogue_id, turn_index
