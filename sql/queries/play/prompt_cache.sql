-- of the prompts that each model was sent in each role: how much of them their servers say that they had in their caches
select
    model,
    role,
    count(*)::bigint as n_calls,
    count(cached_tokens)::bigint as n_reported,
    coalesce(sum(prompt_tokens) filter (where cached_tokens is not null), 0)::bigint as prompt_tokens,
    coalesce(sum(cached_tokens), 0)::bigint as cached_tokens
from play.completions
where engine <> 'rehearsal'
group by model, role
order by model, role
