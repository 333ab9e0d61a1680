with
wanted as (
    select unnest($keys::text[]) as completion_key
)
select
    completions.completion_key,
    completions.text,
    completions.reported_model,
    completions.engine,
    completions.finish_reason,
    completions.fingerprint,
    completions.prompt_tokens,
    completions.completion_tokens,
    completions.intended_act,
    completions.n_normalised,
    completions.n_cut_bytes,
    completions.usage,
    completions.prompt_is_cut,
    completions.cached_tokens,
    completions.cache_write_tokens
from play.completions
inner join wanted using (completion_key)
order by completions.completion_key
