-- a target is shared when it is also a target of another split; without forms, accepted suggestions are targets
with targets as (
    select distinct
        splits.split,
        mentions.item_id
    from profile.profiles
    inner join profile.splits on profiles.profile_key = splits.profile_key
    inner join ingest.mentions on profiles.dataset = mentions.dataset and splits.dialogue_id = mentions.dialogue_id
    inner join ingest.items on profiles.dataset = items.dataset and mentions.item_id = items.item_id
    where profiles.profile_key = $profile_key and mentions.suggested and not mentions.seen and mentions.liked
    union
    select distinct
        splits.split,
        suggestions.item_id
    from profile.splits
    inner join profile.suggestions
        on splits.profile_key = suggestions.profile_key and splits.dialogue_id = suggestions.dialogue_id
    where splits.profile_key = $profile_key and suggestions.reaction = 'accept'
),
spread as (
    select
        split,
        item_id,
        count(*) over (partition by item_id) > 1 as is_shared
    from targets
),
shared as (
    select
        split,
        count(*) as n_targets,
        count(*) filter (where is_shared) as n_shared_targets
    from spread
    group by split
),
sizes as (
    select
        splits.split,
        count(*) as n_dialogues,
        count(distinct splits.seeker_id) as n_seekers,
        count(seekers.target) filter (where not seekers.history_leak) as n_scenarios
    from profile.splits
    left join profile.seekers
        on splits.profile_key = seekers.profile_key and splits.dialogue_id = seekers.dialogue_id
    where splits.profile_key = $profile_key
    group by splits.split
)
select
    sizes.split,
    sizes.n_dialogues::bigint as n_dialogues,
    sizes.n_seekers::bigint as n_seekers,
    sizes.n_scenarios::bigint as n_scenarios,
    coalesce(shared.n_targets, 0)::bigint as n_targets,
    coalesce(shared.n_shared_targets, 0)::bigint as n_shared_targets
from sizes
left join shared using (split)
order by sizes.split
