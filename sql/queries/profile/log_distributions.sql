-- turns per dialogue, all and the seeker's, and how often each item is named, by rank; of the whole data set
with dataset as (
    select dataset
    from profile.profiles
    where profile_key = $profile_key
),
seeker_turns as (
    select
        turns.dialogue_id,
        count(*) as n_turns
    from dataset
    inner join ingest.turns using (dataset)
    where turns.role = 'seeker'
    group by turns.dialogue_id
),
named as (
    select unnest(named_turns.item_ids) as item_id
    from dataset
    inner join ingest.named_turns using (dataset)
),
frequencies as (
    select count(*) as n
    from named
    group by item_id
),
counted as (
    select
        'turns' as name,
        dialogues.n_turns as position,
        count(*) as n
    from dataset
    inner join ingest.dialogues using (dataset)
    group by dialogues.n_turns
    union all
    select
        'seeker_turns' as name,
        n_turns as position,
        count(*) as n
    from seeker_turns
    group by n_turns
    union all
    select
        'popularity' as name,
        row_number() over (order by n desc) as position,
        n
    from frequencies
)
select
    $profile_key as profile_key,
    name,
    position::integer as position,
    position::text as label,
    n::bigint as n
from counted
order by name, position
