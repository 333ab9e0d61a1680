select play_key, reasons
from validate.standing_quarantine
where batch_key = $batch_key
order by len(reasons) desc, play_key
