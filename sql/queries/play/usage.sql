-- what the calls of some models took, whoever paid for them. The name of a model may end with a limit on replies and an age, and that of
-- rehearsal with its surface
with
wanted as (
    select unnest($models::text[]) as name
)
select
    count(*)::bigint as n_calls,
    count(*) filter (where completions.cached_tokens is null)::bigint as n_unsaid,
    coalesce(sum(completions.prompt_tokens), 0)::bigint as prompt_tokens,
    coalesce(sum(completions.cached_tokens), 0)::bigint as cached_tokens,
    coalesce(sum(completions.completion_tokens), 0)::bigint as reply_tokens,
    coalesce(sum(round(completions.latency_s * 1000)::bigint), 0)::bigint as milliseconds
from play.completions
semi join wanted
    on completions.model = wanted.name
    or starts_with(completions.model, wanted.name || '/')
    or starts_with(completions.model, wanted.name || '^')
    or starts_with(completions.model, wanted.name || '~')
