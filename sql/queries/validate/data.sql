-- what a data set can give evidence of: reaction contexts, scenarios, and those scenarios of the split that batches are played for
-- whose target has more than a title
with reactions as (
    select count(*) as n
    from profile.contexts
    where profile_key = $profile_key and kind = 'reaction' and not history_leak
),
scenarios as (
    select
        seekers.split,
        seekers.target
    from profile.seekers
    where seekers.profile_key = $profile_key and seekers.target is not null and not seekers.history_leak
),
described as (
    select count(*) as n
    from scenarios
    inner join ingest.items on scenarios.target = items.item_id
    where items.dataset = $dataset
        and scenarios.split = 'search'
        and (len(items.genres) > 0 or len(items.people) > 0 or items.year is not null or items.plot <> '')
)
select
    reactions.n::bigint as reactions,
    (select count(*) from scenarios)::bigint as targets,
    described.n::bigint as described_targets
from reactions, described
