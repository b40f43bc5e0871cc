"""Channels and accounts can be edited in the admin; saving one pushes it."""

from django.contrib import admin

from .models import Account, Category, Channel

admin.site.register([Account, Category, Channel])
