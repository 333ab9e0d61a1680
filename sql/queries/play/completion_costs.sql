-- what single calls cost, by their keys
with
wanted as (
    select distinct unnest($completion_keys::text[]) as completion_key
)
select
    completions.completion_key,
    (completions.prompt_tokens + completions.completion_tokens)::bigint as tokens,
    completions.usd
from play.completions
inner join wanted using (completion_key)
order by completions.completion_key
