select play_key, reasons
from validate.quarantine
where batch_key = $batch_key
order by len(reasons) desc, play_key
