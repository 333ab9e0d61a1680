-- what answered under each model's name, the latest last
select
    model,
    reported_model,
    fingerprint
from play.completions
group by model, reported_model, fingerprint
order by model, max(made_at), reported_model, fingerprint
