"""A small middleware: channels in categories, and subscribers."""

from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=100)


class Channel(models.Model):
    name = models.CharField(max_length=100)
    number = models.IntegerField()
    enabled = models.BooleanField(default=True)
    categories = models.ManyToManyField(Category, blank=True)


class Account(models.Model):
    active = models.BooleanField(default=True)
    registered = models.DateTimeField(auto_now_add=True)
    modified = models.DateTimeField(auto_now=True)
