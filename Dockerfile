FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings.production
RUN useradd --create-home alajo
WORKDIR /srv/alajo
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN DJANGO_SETTINGS_MODULE=config.settings.collect python manage.py collectstatic --no-input && chown -R alajo /srv/alajo
USER alajo
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", \
     "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "1048576"]
