-- how many dialogues of the splits that fitting may see mention each item: in the form, or where there are none in a turn
with opened as (
    select
        profiles.dataset,
        profiles.has_forms,
        splits.dialogue_id
    from profile.profiles
    inner join profile.splits on profiles.profile_key = splits.profile_key
    where profiles.profile_key = $profile_key and splits.split in ('exemplar', 'search')
),
mentioned as (
    select
        opened.dialogue_id,
        mentions.item_id
    from opened
    inner join ingest.mentions on opened.dataset = mentions.dataset and opened.dialogue_id = mentions.dialogue_id
    union all
    select distinct
        opened.dialogue_id,
        unnest(named_turns.item_ids) as item_id
    from opened
    inner join ingest.named_turns on opened.dataset = named_turns.dataset and opened.dialogue_id = named_turns.dialogue_id
    where not opened.has_forms
)
select
    item_id,
    count(*)::bigint as n
from mentioned
group by item_id
order by item_id
